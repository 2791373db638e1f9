import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The page and the API share an origin, as they would behind a proxy in production, so the server need not allow other
// origins. CRM_URL is the server's URL; its WebSocket has the same path.
const target = process.env.CRM_URL ?? 'http://localhost:8080'
const proxy = { '/graphql': { target, ws: true }, '/uploads': { target }, '/files': { target } }

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
})
