"""Packs a template of Moodle's plugin customcert as its export does (moodle-mod_customcert, pull request 761).

Arguments: a template.json, the archive to write, and pictures. In the template `sha1:NAME` stands for the
SHA-1 of a picture.
"""

import hashlib
import json
import mimetypes
import pathlib
import sys
import zipfile

template, archive, *pictures = sys.argv[1:]
text = pathlib.Path(template).read_text(encoding="utf-8")
manifest = {"version": 1, "files": {}}
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
    for picture in map(pathlib.Path, pictures):
        content = picture.read_bytes()
        digest = hashlib.sha1(content).hexdigest()
        text = text.replace(f"sha1:{picture.name}", digest)
        packed.writestr(f"files/{digest}", content)
        manifest["files"][digest] = {
            "mimetype": mimetypes.guess_type(picture.name)[0],
            "filename": picture.name,
            "filepath": "/",
            "itemid": 0,
            "filearea": "image",
            "component": "mod_customcert",
        }
    packed.writestr("template.json", text)
    packed.writestr("files.json", json.dumps(manifest, indent=4))
