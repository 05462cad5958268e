"""The editors' desk.

joined          adds its pages to the app
frame           who may do what, and how an announcement is found
words           words and small formats of its templates
counts          residents' numbers as the desk may tell them
overview        what there is to do, and the way out
lists           every announcement, by where it stands
tray            what sources brought
counter         signing residents up who stand before one
writing         the form, and all that helps with it
approving       letting it out
following       what follows it: correction, withdrawal, all-clear, stop
watching        what becomes of its deliveries
administration  running the desk itself
door            coming in
"""
