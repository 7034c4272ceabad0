// Asks the record of the certificate what its status is now, and shows the PDF.
//
// The page itself may come from a cache, and then says what was true earlier. So it asks for
// `certificate.json` each time, past every cache of the browser, and never calls a certificate valid
// that it could not ask about. What it says are texts of the page, in its language.
'use strict';

(() => {
  const box = document.getElementById('status');
  if (!box) return;
  const says = box.dataset;
  const verdict = box.querySelector('.verdict');
  const asked = document.getElementById('asked');
  const paper = document.getElementById('document');
  // The worse of two states counts: while a status changes, page and record may differ.
  const STATES = ['valid', 'specimen', 'superseded', 'revoked', 'erased'];
  // The version of the record's format that this script reads.
  const SCHEMA = 1;

  const remove = (...selectors) => {
    for (const element of document.querySelectorAll(selectors.join())) element.remove();
  };

  const element = (name, content) => {
    const made = document.createElement(name);
    made.append(content);
    return made;
  };

  // Shows a state: its sign, its words, and what they rest on.
  const show = (state, words, note) => {
    box.className = `status ${state}`;
    verdict.textContent = words;
    asked.textContent = note;
    asked.hidden = false;
  };

  // Removes what a page of another state than the published one may not show.
  const hide = (everything) => {
    paper?.remove();
    remove('#check', '.issued-file', '.more', '#status noscript');
    if (!everything) return;
    remove('.columns', '#how');
    // The title holds the recipient's name.
    document.title = verdict.textContent;
    document.querySelector('h1').textContent = verdict.textContent;
    remove('meta[property]', 'meta[name=description]');
  };

  const revocation = (record) => {
    const change = record.history?.findLast?.((one) => one.status === 'revoked');
    const list = element('dl', '');
    list.className = 'more';
    const line = (name, value) => {
      const row = element('div', element('dt', name));
      const text = element('dd', element('bdi', value));
      text.className = 'reason';
      row.append(text);
      list.append(row);
    };
    const at = new Date(change?.at);
    if (!Number.isNaN(at.getTime())) {
      const form = { dateStyle: 'long', timeZone: 'UTC' };
      line(says.revokedOn, at.toLocaleDateString(document.documentElement.lang, form));
    }
    if (typeof change?.reason === 'string' && change.reason) line(says.reason, change.reason);
    return list;
  };

  const successor = (record) => {
    const link = element('a', says.current);
    let url;
    try {
      url = new URL(record.successor, location.href);
    } catch {
      return '';
    }
    // Another scheme could run in the page.
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return '';
    link.href = url.href;
    const line = element('p', link);
    line.className = 'more';
    return line;
  };

  // Shows the PDF in place of its words, where the browser can show one and the page is wide.
  const showPdf = () => {
    if (!paper?.dataset.pdf || navigator.pdfViewerEnabled === false) return;
    if (!matchMedia('(min-width: 48rem)').matches) return;
    const { pdf, width, height } = paper.dataset;
    const view = document.createElement('object');
    view.type = 'application/pdf';
    view.data = `${pdf}#toolbar=0&navpanes=0&view=Fit`;
    view.tabIndex = -1; // its words and its link are there for the keyboard
    view.setAttribute('aria-label', document.title);
    const frame = element('div', view);
    frame.className = 'paper';
    frame.style.setProperty('--ratio', String(Number(width) / Number(height)));
    view.addEventListener('error', () => {
      frame.remove();
      paper.classList.remove('shown');
    });
    paper.prepend(frame);
    paper.classList.add('shown');
  };

  // The record, or why there is none.
  const ask = async () => {
    // A browser gives a page that lies in a file nothing else to read.
    if (location.protocol === 'file:') return { why: 'copy' };
    // The address may lack the slash at its end.
    const folder = location.pathname.match(/^.*\/cert\/[0-9a-f]{32}(?=\/|$)/)?.[0] ?? '.';
    try {
      const answer = await fetch(`${folder}/certificate.json`, { cache: 'no-store' });
      if (answer.status === 404 || answer.status === 410) return { why: 'gone' };
      if (!answer.ok) return { why: 'unreachable' };
      const record = await answer.json();
      const isRead = record.id === says.id && record.schema <= SCHEMA && STATES.includes(record.status);
      return isRead ? { record } : { why: 'unreachable' };
    } catch {
      return { why: 'unreachable' };
    }
  };

  const settle = ({ record, why }) => {
    const before = says.status;
    if (why === 'gone') {
      show('unknown', says.unknown, says.gone);
      hide(true);
      return;
    }
    if (why) {
      // What was revoked stays revoked; only what was valid may not be so now.
      if (before === 'valid') show('unknown', says.unknown, says[why]);
      else show(before, written, says[why]);
      showPdf();
      return;
    }
    const now = STATES[Math.max(STATES.indexOf(before), STATES.indexOf(record.status))];
    if (now === before) {
      show(now, written, says.confirmed);
      showPdf();
      return;
    }
    show(now, says[now], says.confirmed);
    hide(now !== 'revoked' && now !== 'specimen');
    if (now === 'revoked') asked.before(revocation(record));
    if (now === 'superseded') asked.before(successor(record));
  };

  box.classList.add('asking');
  const written = verdict.textContent;
  // Until the record answers, nothing is said to be valid.
  if (says.status === 'valid') verdict.textContent = says.checking;
  ask().then(settle);
})();
