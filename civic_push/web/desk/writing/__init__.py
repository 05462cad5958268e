"""Writing an announcement: the form, and all that helps with it.

write        the form's pages
sheets       what is written: an announcement, or what follows one
filling      a sheet opened, sent, stored, given back
written      what was typed, as it was typed
forms, rules  what is wrong with it, and the draft it makes
translating  how far the translations are
telling      a wording as it is told
changes      what two states of the form say otherwise
versions     who saved what
unsaved      what is being typed is kept
templates    recurring texts
aids         how it looks, reads and costs
images       a picture and its description
preview      what exactly leaves, who gets it, a trial to oneself
"""
