"""The logo as HTML, for the editor's page, which writes its own."""

LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">'
    '<path d="M4 28V12A8 8 0 0 1 12 4H28V20A8 8 0 0 1 20 28Z"/>'
    '<path class="vein" d="M10 22 22 10M10 22V14.500M10 22H17.500"/></svg>'
)
