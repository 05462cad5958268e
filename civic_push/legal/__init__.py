"""What the law asks the pages to say: the operator's texts, and barriers that were reported.

models    their tables
texts     imprint, privacy notice, accessibility statement: models, versions, checks
reports   barriers residents reported, until they are answered and forgotten
"""
