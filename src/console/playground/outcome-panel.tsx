import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { NotificationText } from "../../plans/notification-text.ts";
import { faults, registration } from "../emulator/emulator-state.ts";
import { hrefOf } from "../ui/route.ts";
import { check } from "./playground-state.ts";

/** The notifications that a push of the draft would send. */
export function OutcomePanel() {
  const checked = check.value;
  const isValid = checked?.violations.length === 0;
  const notifications = checked?.notifications ?? [];
  return (
    <section class="card" aria-labelledby="would-send">
      <h2 id="would-send">What it would send</h2>
      <div aria-live="polite">
        {!isValid ? (
          <p class="muted">Nothing: the emulator would reject the push.</p>
        ) : notifications.length === 0 ? (
          <p class="muted">Nothing: the push notifies nobody.</p>
        ) : (
          <NotificationList notifications={notifications} />
        )}
      </div>
      {isValid && notifications.length > 0 && registration.value?.enforced && (
        <p class="muted">
          Registration is enforced: <a href={hrefOf("controls")}>register a device</a> for the user key first.
        </p>
      )}
      {faults.value.length > 0 && (
        <p class="muted">
          <a href={hrefOf("controls")}>Injected errors</a> may change the answer.
        </p>
      )}
    </section>
  );
}

/** Notifications with their texts. */
export function NotificationList({ notifications }: { notifications: readonly NotificationText[] }) {
  return (
    <ul class="would-send">
      {notifications.map(({ type, text }, index) => (
        <li class="would-send-one" key={index}>
          <span class="muted code">{NotificationTypeSchema.value[type]?.name}</span>
          <span dir="auto">{text}</span>
        </li>
      ))}
    </ul>
  );
}
