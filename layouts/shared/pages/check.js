// Checks a file against this page, in the browser: nothing is sent anywhere.
//
// It answers the questions of `testamur verify`: is the file the PDF whose SHA-256 is on this page; did
// the issuer's key make the OpenPGP signature on this page over its bytes, and whose key is it; does the
// certificate stand, as far as its record could be asked? The answers are texts of the page, so that they
// are in the certificate's language. A file that is another one is not judged further: it may be a copy
// whose seal was raised, which only a verifier of seals can tell.
'use strict';

(() => {
  const box = document.getElementById('check');
  if (!box) return;
  const input = box.querySelector('input[type=file]');
  const zone = box.querySelector('.drop');
  const result = box.querySelector('[role=status]');
  // A large file whose size differs is not read into memory: it is another file.
  const LARGEST = 64 * 1024 * 1024;

  const line = (key, kind) => {
    const paragraph = document.createElement('p');
    paragraph.className = kind;
    paragraph.dataset.verdict = key;
    paragraph.append(box.querySelector(`[data-says="${key}"]`).textContent);
    return paragraph;
  };

  const fileName = (name) => {
    const element = document.createElement('bdi');
    element.textContent = name;
    const paragraph = document.createElement('p');
    paragraph.className = 'file';
    paragraph.append(element);
    return paragraph;
  };

  let latest = 0;
  const check = async (file) => {
    const own = ++latest;
    result.replaceChildren(line('checking', 'busy'));
    const lines = await verdict(file);
    // The user may have chosen another file meanwhile.
    if (own !== latest) return;
    result.replaceChildren(fileName(file.name), ...lines);
    const keys = lines.map((one) => one.dataset.verdict);
    if (keys.includes('broken') || !keys.includes('intact')) return;
    if (keys.includes('signed')) result.append(...signer());
    const more = await standing();
    if (own === latest) result.append(...more);
  };

  // Who signed: the issuer, and the key that the visitor may compare.
  const signer = () => {
    const list = box.querySelector('[data-signer]')?.content.cloneNode(true);
    return list ? [...list.children] : [];
  };

  // Whether the certificate stands: what the page says at its top, once its record has answered.
  const standing = async () => {
    const status = document.getElementById('status');
    if (!status) return [];
    while (status.classList.contains('asking')) {
      await new Promise((done) => setTimeout(done, 50));
    }
    const state = [...status.classList].find((one) => one !== 'status') ?? 'unknown';
    const paragraph = (text, kind) => {
      const made = document.createElement('p');
      made.className = kind;
      made.append(text);
      return made;
    };
    const kinds = { valid: 'good', unknown: 'unknown' };
    const words = paragraph(status.querySelector('.verdict').textContent, kinds[state] ?? 'bad');
    words.dataset.standing = state;
    const asked = document.getElementById('asked')?.textContent;
    return asked ? [words, paragraph(asked, 'note')] : [words];
  };

  const verdict = async (file) => {
    if (file.size > LARGEST && file.size !== Number(box.dataset.size)) {
      return [line('broken', 'bad')];
    }
    let pdf;
    try {
      pdf = new Uint8Array(await file.arrayBuffer());
    } catch {
      // A folder, or a file that was removed or may not be read.
      return [line('unreadable', 'unknown')];
    }
    // Browsers offer no cryptography on pages that were loaded over plain HTTP.
    if (!globalThis.crypto?.subtle) return [line('unable', 'unknown')];
    const digest = openpgp.hex(await crypto.subtle.digest('SHA-256', pdf));
    const same = digest === box.dataset.sha256;
    const lines = [same ? line('intact', 'good') : line('broken', 'bad')];
    const armour = (id) => document.getElementById(id)?.textContent;
    const [signature, key] = [armour('signature'), armour('key')];
    if (!signature || !key) return lines;
    try {
      const good = await openpgp.verify(pdf, signature, key);
      lines.push(good ? line('signed', 'good') : line('unsigned', 'bad'));
    } catch (error) {
      // This page throws `Unsupported`; a browser that lacks an algorithm throws its own error.
      console.info(`The signature was not judged: ${error.message}`);
      lines.push(line('unable', 'unknown'));
    }
    return lines;
  };

  input.addEventListener('change', () => {
    const [file] = input.files;
    if (file) check(file);
    input.value = ''; // so that the same file can be chosen again
  });

  // The whole page accepts a dropped file: else a file dropped beside the zone would replace the page.
  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    zone.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) zone.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    zone.classList.remove('over');
    const [file] = event.dataTransfer.files;
    if (!file) return;
    box.scrollIntoView({ block: 'nearest' });
    check(file);
  });

  zone.hidden = false;
})();
