import { addressOf, useAddress } from '../address'
import type { Session } from '../api/session'
import { ForgotPassword } from '../parts/ForgotPassword'
import { LogIn } from '../parts/LogIn'
import { SignUp } from '../parts/SignUp'

/** What somebody sees who is not logged in. */
export function Door({ session }: { session: Session }) {
  const { side, open } = useAddress()
  return (
    <main className="door card">
      <h1>CRM console</h1>
      <nav className="tabs" aria-label="Who you are">
        <a href={addressOf('staff')} aria-current={side === 'staff' ? 'page' : undefined}>
          Staff
        </a>
        <a href={addressOf('customer')} aria-current={side === 'customer' ? 'page' : undefined}>
          Customer
        </a>
      </nav>
      {session.wasRefused && <p role="status">Your session has ended. Please log in again.</p>}
      {open === 'sign-up' && <SignUp session={session} />}
      {open === 'forgot' && <ForgotPassword side={side} />}
      {open !== 'sign-up' && open !== 'forgot' && <LogIn session={session} />}
    </main>
  )
}
