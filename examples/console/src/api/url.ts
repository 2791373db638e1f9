const api = new URL(import.meta.env.VITE_API_URL ?? '/graphql', window.location.href)

/** Where queries and mutations go. Set VITE_API_URL for an API of another origin, and ALLOWED_ORIGINS at the server. */
export const httpUrl = api.href

/** Where subscriptions go: the same address, by WebSocket. */
export const socketUrl = api.href.replace(/^http/, 'ws')
