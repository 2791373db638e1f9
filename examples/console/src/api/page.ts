import { serverUrl } from './url'

/**
 * The page that shows the HTML of a mail in a frame. The server has removed what runs or is loaded from elsewhere; this forbids it
 * again, for all that comes to be in it.
 */
export function pageOf(html: string, remoteImages: boolean): string {
  const server = new URL(serverUrl('/'))
  const images = remoteImages ? 'http: https:' : server.origin
  return `<!doctype html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src ${images}">
<base href="${server.href}" target="_blank">
<style>
  :root { color-scheme: light; background: #fff; color: #000; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0.7rem; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
</style>
${html}`
}
