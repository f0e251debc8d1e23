/** The page of subscribers. */
export function SubscribersPage() {
  return <h1>Subscribers</h1>;
}
