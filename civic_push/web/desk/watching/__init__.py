"""What becomes of an announcement's deliveries: live numbers, report, sending again."""
