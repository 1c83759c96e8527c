"""The child that sets PDFs: HTML in, PDF/UA-1 out, one after the other, until its standard input ends.

A message is four bytes of length and its matter. The child greets with its version, or says what is missing and ends. It is
given the style sheet and the two fonts that the sheet names; then each document is answered by its PDF, or by a line that
says what is wrong. A document reaches no network and no file.
"""
import resource
import struct
import sys
import tempfile

MEMORY = 1 << 30
resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
# Where memory is short nothing more can be said than the answer says.
sys.unraisablehook = lambda _: None


def read():
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        sys.exit()
    return sys.stdin.buffer.read(struct.unpack('>I', head)[0])


def answer(matter):
    sys.stdout.buffer.write(struct.pack('>I', len(matter)) + matter)
    sys.stdout.buffer.flush()


try:
    import base64
    import gc

    import pydyf
    from weasyprint import CSS, HTML, __version__
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher
except (ImportError, OSError) as why:
    answer(f'{type(why).__name__}: {why}'.splitlines()[0].encode())
    sys.exit(1)


def mend(document, pdf):
    """What PDF/UA asks for and WeasyPrint leaves out: scope of table headers, words of links, running heads as artifacts."""
    for page in document.pages:
        for box in page._page_box.descendants():
            element = getattr(box, 'element', None)
            if element is None:
                continue
            if box.element_tag == 'th' and hasattr(box, 'mark'):
                box.mark['A']['Scope'] = '/Row' if element.get('scope') in ('row', 'rowgroup') else '/Column'
            if box.link_annotation:
                box.link_annotation['Contents'] = pydyf.String(' '.join(''.join(element.itertext()).split()))
    objects = {item.reference: item for item in pdf.objects}
    root = objects[pdf.catalog['StructTreeRoot']]
    reached, todo = set(), list(root['K'])
    while todo:
        item = todo.pop()
        if isinstance(item, bytes) and item not in reached:
            reached.add(item)
            todo.extend(objects[item].get('K', ()))
    nums = objects[root['ParentTree']]['Nums']
    for page, references in zip(pdf.page_references, nums[1:len(document.pages) * 2:2]):
        stream = objects[objects[page]['Contents']].stream
        for mark, reference in enumerate(references):
            if reference not in reached:
                references[mark] = b'null'
                begins = next(i for i, item in enumerate(stream) if isinstance(item, dict) and item.get('MCID') == mark)
                stream[begins - 1:begins + 1] = [b'/Artifact', pydyf.Dictionary({'Type': '/Pagination'})]


answer(f'WeasyPrint {__version__}'.encode())
fetcher = URLFetcher(allowed_protocols=['data'], allow_redirects=False)
# The fonts lie in a folder that goes when the child does.
folder = tempfile.TemporaryDirectory(prefix='cabildo-pdf-')
tempfile.tempdir = folder.name
fonts = FontConfiguration()
sheet = read().decode()
for name in ('work-sans.woff2', 'montserrat.woff2'):
    sheet = sheet.replace(name, 'data:font/woff2;base64,' + base64.b64encode(read()).decode())
sheet = CSS(string=sheet, font_config=fonts, url_fetcher=fetcher)
gc.collect()
gc.freeze()
while True:
    html = read().decode()
    gc.disable()
    try:
        done = HTML(string=html, url_fetcher=fetcher).write_pdf(
            stylesheets=[sheet], font_config=fonts, pdf_variant='pdf/ua-1', finisher=mend)
    except Exception as why:
        done = f'{type(why).__name__}: {why}'.encode()
    answer(done)
    # What one document leaves behind is cleared while nobody waits.
    del html, done
    gc.enable()
    gc.collect()
