const api = new URL(import.meta.env.VITE_API_URL ?? '/graphql', window.location.href)

/** The URL for queries and mutations. For an API of another origin, set VITE_API_URL, and ALLOWED_ORIGINS there. */
export const httpUrl = api.href

/** The URL for subscriptions: the same address, by WebSocket. */
export const socketUrl = api.href.replace(/^http/, 'ws')

/** The URL of a path of the server, such as that of a file. */
export const serverUrl = (path: string): string => new URL(path, api).href
