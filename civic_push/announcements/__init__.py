"""What the town says: from writing it to letting it out. Who gets it is `delivery`'s,
how it is written out `wording`'s.

models        Announcement and its texts; its topics and Ortsteile
details       a place, other languages, who vouches for Leichte Sprache

publishing    a draft stored; published, which rings for its deliveries
approval      who may let it out, and when: submit, approve, send back, take back
approval_models   what happened on the way, and who said what
approval_letters  to staff: something waits for approval, something came back
scheduling    the clock publishes what was let out
following     corrections, withdrawals, all-clears: what may follow what
reach         who will get it, and what the SMS will cost

writing_models    tables of what writing leaves behind besides the announcement
unsaved       texts that somebody is typing
versions      every text a draft has had
templates     recurring texts with fields to fill in
cleaning      what is pasted becomes clean Markdown
readability   how easily a text reads
suggestions   which topics a text is about
differences   two wordings, word by word
preview       what leaves, seen beforehand
trials        sending it to oneself

images        pictures, made harmless
image_models  their table
webp          WebP files, taken apart and put together again

listing       the desk's lists
archive       what is published, as readers look for it
"""
