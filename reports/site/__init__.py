"""The site: static pages built from records, one module per kind of page.

``templates/`` contains the templates, ``assets/`` the style sheet, script and icon.
"""
