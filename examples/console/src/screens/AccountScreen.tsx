import { Address } from '../parts/Address'
import { Heading } from '../parts/Heading'
import { SessionList } from '../parts/Sessions'
import { TwoFactor } from '../parts/TwoFactor'

/** How the viewer logs in, and where they are logged in. */
export function AccountScreen() {
  return (
    <main className="single">
      <Heading>Your account</Heading>
      <Address />
      <TwoFactor />
      <SessionList />
    </main>
  )
}
