import type { ComponentChildren } from "preact";
import { formatInstant, instantOf } from "../../../contract/instant.ts";
import type { AccountView } from "./account-view.ts";
import type { Fact, Label } from "./labels.ts";
import type { ModuleView } from "./module-view.ts";
import type { PhoneView, PlanView } from "./phone-view.ts";

/**
 * A status as a phone might show it. Texts of the operator have their language and direction, those of this page are
 * English. `over` is why all of it is of the past.
 */
export function Phone({ view, over }: { view: PhoneView; over: string | undefined }) {
  const { language, title, hidden, plans, account, facts } = view;
  const why = over ?? hidden;
  return (
    <figure class="phone-figure">
      {why !== undefined && <p class="phone-why">{why}</p>}
      <article
        class={why === undefined ? "phone" : "phone greyed"}
        aria-label="Status as a phone might show it"
        lang={language.lang || undefined}
        dir={language.dir}
      >
        <header class="phone-header">
          <h3>{title === "" ? <English>Your data plan</English> : title}</h3>
          <Facts facts={facts} />
        </header>
        {plans.length === 0 && (
          <p class="phone-empty">
            <English>No plan</English>
          </p>
        )}
        {plans.map((plan, index) => (
          <PlanBox key={index} plan={plan} />
        ))}
        {account && <AccountBox account={account} />}
      </article>
      <figcaption class="muted">An illustration. Google's user interface looks different.</figcaption>
    </figure>
  );
}

function PlanBox({ plan }: { plan: PlanView }) {
  return (
    <section class={plan.unusable === undefined ? "phone-plan" : "phone-plan greyed"}>
      <h4>{plan.name}</h4>
      <Labels labels={plan.labels} unusable={plan.unusable} />
      <Facts facts={plan.facts} />
      <ul class="phone-modules">
        {plan.modules.map((module, index) => (
          <ModuleBox key={index} module={module} />
        ))}
      </ul>
    </section>
  );
}

function ModuleBox({ module }: { module: ModuleView }) {
  const { name, description, unusable, balance, labels, facts } = module;
  return (
    <li class={unusable === undefined ? "phone-module" : "phone-module greyed"}>
      <h5>{name}</h5>
      <p class="phone-description">{description}</p>
      {balance.left !== undefined && (
        <meter class={balance.tone} value={balance.left} aria-label={`Left of ${name}`}>
          {balance.text}
        </meter>
      )}
      <p class="phone-balance">
        <English>{balance.text}</English>
      </p>
      <Labels labels={labels} unusable={unusable} />
      <Facts facts={facts} />
    </li>
  );
}

function AccountBox({ account }: { account: AccountView }) {
  return (
    <section class="phone-account">
      <h4>
        <English>Account</English>
      </h4>
      <p class="phone-amount">{account.balance}</p>
      <Labels labels={account.status ? [account.status] : []} unusable={undefined} />
      <Facts facts={account.facts} />
    </section>
  );
}

function Labels({ labels, unusable }: { labels: readonly Label[]; unusable: string | undefined }) {
  if (labels.length === 0 && unusable === undefined) {
    return null;
  }
  return (
    <p class="phone-labels">
      {labels.map(({ text, tone }) => (
        <span key={text} class={`chip ${tone}`}>
          <English>{text}</English>
        </span>
      ))}
      {unusable !== undefined && !labels.some(({ text }) => text === unusable) && (
        <span class="muted">
          <English>{unusable}</English>
        </span>
      )}
    </p>
  );
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  if (facts.length === 0) {
    return null;
  }
  return (
    <dl class="phone-facts">
      {facts.map(({ label, text, at, tone, isAmount }) => (
        <div key={label}>
          <dt>
            <English>{label}</English>
          </dt>
          <dd class={tone}>
            {at ? (
              <time dateTime={formatInstant(instantOf(at))} title={formatInstant(instantOf(at))}>
                <English>{text}</English>
              </time>
            ) : (
              <bdi lang={isAmount ? undefined : "en"}>{text}</bdi>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Words of this page within texts of the operator. */
function English({ children }: { children: ComponentChildren }) {
  return (
    <span lang="en" dir="ltr">
      {children}
    </span>
  );
}
