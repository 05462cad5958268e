"""What follows an announcement: correction, withdrawal, all-clear, stop.

pages     writing one and letting it out
case      its sheet
forms     its form
words     what the desk says about it
stopping  ending what has not left yet
"""
