"""The pages of the demo shop that are not the webservice: its front page and the pages of a web server in trouble."""

from html import escape

_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}code{font-size:1.1em}"


def front_page(*, name: str, version: str, url: str, key: str) -> str:
    """Say what this is, in Polish and English, and how to connect."""
    shown = {"name": escape(name), "version": escape(version), "url": escape(url), "key": escape(key)}
    return (
        '<!DOCTYPE html>\n<html lang="pl"><head><meta charset="utf-8">'
        "<title>{name} – PrestaShop {version} (demo)</title>"
        "<style>" + _STYLE.replace("{", "{{").replace("}", "}}") + "</style></head><body>"
        "<h1>{name}</h1>"
        "<p>To jest sklep pokazowy: odpowiada jak webservice PrestaShop {version}. Osoby i zamówienia są zmyślone.</p>"
        '<p lang="en">This is a demo shop: it answers like the webservice of PrestaShop {version}. '
        "All people and orders are made up.</p>"
        "<dl><dt>Adres / Address</dt><dd><code>{url}</code></dd>"
        "<dt>Klucz / Key</dt><dd><code>{key}</code></dd></dl>"
        "</body></html>\n"
    ).format(**shown)


def nginx_page(title: str) -> str:
    """Make nginx's own page for an error, such as ``414 Request-URI Too Large``."""
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
    )


NOTICES = (
    "<br />\n<b>Notice</b>:  Undefined index: HTTP_REFERER in <b>/var/www/shop/modules/blocktracker/blocktracker.php</b> "
    "on line <b>57</b><br />\n"
)
"""What PHP prints before the body where it is told to display errors."""
