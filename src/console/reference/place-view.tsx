import type { Contract } from "../contract/contract.ts";
import { hrefOf } from "../ui/route.ts";
import { Overview, PackageView } from "./overview.tsx";
import type { Place } from "./place.ts";
import { ReasonList, ReasonView } from "./reason-views.tsx";
import { MethodView, ServiceView } from "./service-view.tsx";
import { EnumView, MessageView } from "./type-views.tsx";

/** Shows one part of the contract. */
export function PlaceView({ place, contract }: { place: Place; contract: Contract }) {
  switch (place.kind) {
    case "overview":
      return <Overview contract={contract} />;
    case "package":
      return <PackageView shown={place.package} contract={contract} />;
    case "service":
      return <ServiceView service={place.service} />;
    case "method":
      return <MethodView method={place.method} service={place.service} contract={contract} />;
    case "message":
      return <MessageView message={place.message} marked={place.marked} contract={contract} />;
    case "enum":
      return <EnumView type={place.enum} marked={place.marked} contract={contract} />;
    case "reasons":
      return <ReasonList type={place.enum} />;
    case "reason":
      return <ReasonView value={place.value} type={place.enum} contract={contract} />;
    case "unknown":
      return (
        <>
          <h2 tabIndex={-1}>{place.name}</h2>
          <p>
            The contract has nothing of this name.{" "}
            <a href={hrefOf("reference", [], { q: place.name.slice(place.name.lastIndexOf(".") + 1) })}>
              Search for it
            </a>
            , or see the <a href={hrefOf("reference")}>overview</a>.
          </p>
        </>
      );
  }
}
