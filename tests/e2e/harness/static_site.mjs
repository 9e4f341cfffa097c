// The built page served by something that is no node, as any static host would, with a log of what was asked for.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, resolve } from 'node:path';

const DIST = process.env.TERTULIA_DIST ?? resolve(import.meta.dirname, '../../../dist');
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

export class StaticSite {
  static async start() {
    const site = new StaticSite();
    await new Promise((listening, fail) => site.server.on('error', fail).listen(0, '127.0.0.1', listening));
    site.page = `http://127.0.0.1:${site.server.address().port}/`;
    return site;
  }

  constructor() {
    this.log = [];
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  /// What was asked for and was no file of the page.
  get misses() {
    return this.log.filter(({ method, status }) => method !== 'GET' || status !== 200);
  }

  end() {
    this.server.closeAllConnections();
    return new Promise((closed) => this.server.close(closed));
  }

  report() {
    return ['static site', ...this.log.map(({ method, path, status }) => `${method} ${path} ${status}`)].join('\n    ');
  }

  async #answer({ method, url }, response) {
    const { pathname } = new URL(url, 'http://static');
    const path = normalize(pathname === '/' ? '/index.html' : pathname);
    const body = await readFile(join(DIST, path)).catch(() => null);
    this.log.push({ method, path: url, status: body ? 200 : 404 });
    response.writeHead(body ? 200 : 404, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(body ?? 'not found');
  }
}
