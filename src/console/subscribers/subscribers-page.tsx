import { route } from "../ui/route.ts";
import { Subscriber } from "./subscriber.tsx";
import { subscriberAddress } from "./subscriber-address.ts";
import { SubscriberList } from "./subscriber-list.tsx";

/** The page of subscribers: all that are stored, or one of them. */
export function SubscribersPage() {
  const { segments, query } = route.value;
  const address = subscriberAddress(segments, query);
  return address === undefined ? (
    <SubscriberList query={query} />
  ) : (
    <Subscriber key={`${address.asn} ${address.userKey}`} address={address} />
  );
}
