import type { ComponentChildren } from "preact";
import { formatInstant, instantOf } from "../../../contract/instant.ts";
import { Chip } from "../../ui/chip.tsx";
import { LongText } from "../../ui/json/long-text.tsx";
import type { AccountView } from "./account-view.ts";
import type { Fact, Label } from "./labels.ts";
import type { ModuleView } from "./module-view.ts";
import type { PhoneView, PlanView } from "./phone-view.ts";

/** Characters of a description that are drawn at first. It may have 4096. */
const descriptionLength = 240;

/**
 * A status as a phone might show it. Texts of the operator have their language and direction; those of this page are
 * English.
 */
export function Phone({
  view,
  isOver,
  onMore,
}: {
  view: PhoneView;
  /** Whether all of it is of the past. */
  isOver: boolean;
  /** Draws more plans and modules. */
  onMore: () => void;
}) {
  const { language, title, hidden, plans, morePlans, account, facts } = view;
  const isGreyed = isOver || hidden !== undefined;
  return (
    <figure class="phone-figure">
      {hidden !== undefined && <p class="phone-why">{hidden}</p>}
      <article
        class={isGreyed ? "phone greyed" : "phone"}
        aria-label="As a phone might show it"
        lang={language.lang || undefined}
        dir={language.dir}
      >
        <header class="phone-header">
          <h2>{title === "" ? <English>Your data plan</English> : <bdi>{title}</bdi>}</h2>
          <Facts facts={facts} />
        </header>
        {plans.length === 0 && (
          <p class="phone-empty">
            <English>No plan</English>
          </p>
        )}
        {plans.map((plan, index) => (
          <PlanBox key={index} plan={plan} onMore={onMore} />
        ))}
        <More count={morePlans} what="plan" onMore={onMore} />
        {account && <AccountBox account={account} />}
      </article>
      <figcaption class="muted">An illustration. Google's user interface looks different.</figcaption>
    </figure>
  );
}

function PlanBox({ plan, onMore }: { plan: PlanView; onMore: () => void }) {
  return (
    <section class={plan.unusable === undefined ? "phone-plan" : "phone-plan greyed"}>
      <h3>
        <bdi>{plan.name}</bdi>
      </h3>
      <Labels labels={plan.labels} unusable={plan.unusable} />
      <Facts facts={plan.facts} />
      {plan.modules.length > 0 && (
        <ul class="phone-modules">
          {plan.modules.map((module, index) => (
            <ModuleBox key={index} module={module} />
          ))}
        </ul>
      )}
      <More count={plan.moreModules} what="module" onMore={onMore} />
    </section>
  );
}

function ModuleBox({ module }: { module: ModuleView }) {
  const { name, description, unusable, balance, labels, facts } = module;
  return (
    <li class={unusable === undefined ? "phone-module" : "phone-module greyed"}>
      <h4>
        <bdi>{name}</bdi>
      </h4>
      <p class="phone-description">
        <bdi>
          <LongText text={description} atFirst={descriptionLength} />
        </bdi>
      </p>
      {balance.left !== undefined && (
        <meter class={balance.tone} value={balance.left} aria-label={`Left of ${name}`}>
          {balance.text}
        </meter>
      )}
      <p class={balance.isStated ? "phone-balance" : "phone-balance muted"}>
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
      <h3>
        <English>Account</English>
      </h3>
      <p class="phone-amount">{account.balance}</p>
      <Labels labels={account.status ? [account.status] : []} unusable={undefined} />
      <Facts facts={account.facts} />
    </section>
  );
}

function Labels({ labels, unusable }: { labels: readonly Label[]; unusable: string | undefined }) {
  // The state may say it already.
  const why = labels.some(({ text }) => text === unusable) ? undefined : unusable;
  if (labels.length === 0 && why === undefined) {
    return null;
  }
  return (
    <p class="phone-labels">
      {labels.map(({ text, tone }) => (
        <Chip key={text} tone={tone}>
          <English>{text}</English>
        </Chip>
      ))}
      {why !== undefined && (
        <span class="muted">
          <English>{why}</English>
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

function More({ count, what, onMore }: { count: number; what: string; onMore: () => void }) {
  return count === 0 ? null : (
    <p class="phone-more">
      <button type="button" lang="en" dir="ltr" onClick={onMore}>
        {`Draw more: ${count} ${count === 1 ? `${what} is` : `${what}s are`} left`}
      </button>
    </p>
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
