"""Paper: the sign-up poster and the notice-board sheet, as accessible PDFs (PDF/UA-1).

poster, notice_sheet  what stands on them, as values
blocks     Markdown as values
settable   which characters a print can show
composing  hands the values to Typst, whose templates (*.typ) never see them as markup
"""
