import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Session } from './api/session'
import { App } from './App'
import './style.css'

const sessions = { staff: await Session.open('staff'), customer: await Session.open('customer') }

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App sessions={sessions} />
  </StrictMode>,
)
