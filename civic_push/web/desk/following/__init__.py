"""What follows an announcement: correction, withdrawal, all-clear, stop."""
