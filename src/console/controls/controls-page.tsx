/** The page of controls. */
export function ControlsPage() {
  return <h1>Controls</h1>;
}
