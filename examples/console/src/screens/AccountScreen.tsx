import { Heading } from '../parts/Heading'
import { SessionList } from '../parts/Sessions'

/** How the viewer logs in, and where they are logged in. */
export function AccountScreen() {
  return (
    <main className="single">
      <Heading>Your account</Heading>
      <SessionList />
    </main>
  )
}
