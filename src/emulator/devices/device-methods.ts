import { create } from "@bufbuild/protobuf";
import { EmptySchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  DeviceSchema,
  RegistrationSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  CreateDeviceRequestSchema,
  DeleteDeviceRequestSchema,
  ListDevicesRequestSchema,
  ListDevicesResponseSchema,
  UpdateRegistrationRequestSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import type { Clock } from "../../contract/clock.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { asnOfParent, parseResourceName, resourceName } from "../../contract/resource-names.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { firstPage, numberOfPageToken, pageSizeOf, pageToken } from "../page.ts";
import { requireValid } from "../require-valid.ts";
import { readUpdateMask } from "../update-mask.ts";
import { type Devices, maxDevices, type RegisteredDevice } from "./devices.ts";

type DeviceMethods = EmulatorMethods<
  "getRegistration" | "updateRegistration" | "createDevice" | "listDevices" | "deleteDevice"
>;

type DeviceMethodsOptions = { devices: Devices; clock: Clock; rules: ContractRules };

const registrationFields = { settable: ["enforced"], outputOnly: ["device_count"] };

/** Implements the methods of registration and devices. */
export function createDeviceMethods({ devices, clock, rules }: DeviceMethodsOptions): DeviceMethods {
  const registrationMessage = () =>
    create(RegistrationSchema, { enforced: devices.enforced, deviceCount: devices.count });

  return {
    getRegistration: registrationMessage,

    updateRegistration(request) {
      const { violations } = readUpdateMask(request.updateMask, registrationFields);
      requireValid(rules, UpdateRegistrationRequestSchema, request, violations);
      devices.enforced = request.registration?.enforced === true;
      return registrationMessage();
    },

    createDevice(request) {
      requireValid(rules, CreateDeviceRequestSchema, request);
      const asn = asnOfParent(request.parent) as number;
      const device = devices.register(asn, request.device?.userKey ?? "", clock.now());
      if (device === undefined) {
        throw apiError(ErrorReason.EMULATOR_LIMIT_REACHED, {
          message: `the emulator holds ${devices.count} devices and at most ${maxDevices}, with at most 32 Mi characters of user keys; unregister some`,
        });
      }
      return deviceMessage(asn, device);
    },

    listDevices(request) {
      const violations: FieldViolation[] = [];
      const after = numberOfPageToken(request.pageToken, [request.parent], violations) ?? 0;
      requireValid(rules, ListDevicesRequestSchema, request, violations);
      const asn = asnOfParent(request.parent) as number;
      const size = pageSizeOf(request.pageSize);
      // One more, to know whether another page follows.
      const found = devices.list(asn, after, size + 1);
      const messages = found.map((device) => deviceMessage(asn, device));
      const page = firstPage(DeviceSchema, messages, size);
      return create(ListDevicesResponseSchema, {
        devices: page,
        nextPageToken:
          found.length > page.length ? pageToken(found[page.length - 1]?.number ?? 0, [request.parent]) : "",
      });
    },

    deleteDevice(request) {
      requireValid(rules, DeleteDeviceRequestSchema, request);
      const named = parseResourceName(request.name, "devices");
      if (named === undefined || !devices.unregister(named.asn, named.id)) {
        throw apiError(ErrorReason.EMULATOR_RESOURCE_NOT_FOUND, {
          message: "no such device is registered: ListDevices returns the names of those that are",
        });
      }
      return create(EmptySchema);
    },
  };
}

function deviceMessage(asn: number, { userKey, registeredAtMs }: RegisteredDevice) {
  return create(DeviceSchema, {
    name: resourceName(asn, "devices", userKey),
    userKey,
    registerTime: timestampFromMs(registeredAtMs),
  });
}
