"""The site: static pages from records alone, a file per kind of page.

Templates in ``templates/``, what pages share in ``assets/``.
"""
