import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { homeOf, mailedTicket } from './address'
import { Session } from './api/session'
import { App } from './App'
import './style.css'

const sessions = { staff: await Session.open('staff'), customer: await Session.open('customer') }

// A mail doesn't say which side its reader is on.
const ticket = mailedTicket(window.location)
if (ticket) {
  const isCustomer = sessions.customer.isLoggedIn() && !sessions.staff.isLoggedIn()
  window.history.replaceState(null, '', homeOf(isCustomer ? 'customer' : 'staff', ticket))
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App sessions={sessions} />
  </StrictMode>,
)
