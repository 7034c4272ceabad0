// Checks a file against this page, in the browser: nothing is sent anywhere.
//
// It answers two questions: is the file the PDF whose SHA-256 is on this page, and did the issuer's key
// make the OpenPGP signature on this page over its bytes? The answers are elements of the page with
// `data-says`, so that they are in the certificate's language.
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
    if (own === latest) result.replaceChildren(fileName(file.name), ...lines);
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
