"""Running the desk itself.

menu        the way to what follows
topics, topic_forms    what can be asked for
places      Ortsteile, what they are called, and their streets
sources, source_forms  what is read elsewhere
channels    how the ways out fare; pausing them
findings    what `civic-push doctor` finds
outlets     the town's public places; what is deleted when
texts       imprint, privacy notice, accessibility statement
reports     reported barriers
staff       who works at the desk
trail       who did what
clients, webhooks  programs that speak to us, and those we speak to
"""
