// Draws the first page of PDFs as pdf.js does, which shows PDFs in Firefox:
//
//     render.mjs SCALE PDF PNG [PDF PNG]…
//
// At scale 1 a point is a pixel.
import { createCanvas, DOMMatrix, ImageData, Path2D } from '@napi-rs/canvas';
import fs from 'node:fs';

Object.assign(globalThis, { DOMMatrix, ImageData, Path2D });
const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
const [scale, ...files] = process.argv.slice(2);
while (files.length > 0) {
  const [pdf, png] = files.splice(0, 2);
  const data = new Uint8Array(fs.readFileSync(pdf));
  const page = await (await pdfjs.getDocument({ data, verbosity: 0 }).promise).getPage(1);
  const viewport = page.getViewport({ scale: Number(scale) });
  const canvas = createCanvas(Math.round(viewport.width), Math.round(viewport.height));
  await page.render({ canvasContext: canvas.getContext('2d'), viewport, canvas: null }).promise;
  fs.writeFileSync(png, canvas.toBuffer('image/png'));
}
