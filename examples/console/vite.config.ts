import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The page and the API share an origin, as they would behind one proxy in production: nothing is to be allowed for
// other origins then. CRM_URL is where the server is; its WebSocket is at the same path.
const proxy = {
  '/graphql': { target: process.env.CRM_URL ?? 'http://localhost:8080', ws: true },
}

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
})
