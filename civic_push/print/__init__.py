"""Paper: the sign-up poster and the notice-board sheet, as accessible PDFs (PDF/UA-1).

`poster` and `notice_sheet` say what stands on them, as values; `composing` hands those to
Typst, whose templates (*.typ) never see them as markup.
"""
