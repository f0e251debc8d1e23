/** The page of calls. */
export function CallsPage() {
  return <h1>Calls</h1>;
}
