package agent

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	emulatorpb "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/emulator/v1"
	mdps "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// pushAt returns a push of a balance that was measured at a time.
func pushAt(updated time.Time, module *mdps.PlanModule) *mdps.CreateUserPlanStatusRequest {
	module.ModuleName = "Data"
	module.Description = "2 GB"
	return &mdps.CreateUserPlanStatusRequest{
		Parent:   testOperator,
		ClientId: "youtube",
		UserKey:  "491701234567",
		PlanStatus: &mdps.PlanStatus{
			LanguageCode: "en-US",
			UpdateTime:   timestamppb.New(updated),
			ExpireTime:   timestamppb.New(updated.Add(2 * time.Hour)),
			Plans: []*mdps.Plan{{
				PlanId:       "acme-199",
				PlanCategory: mdps.PlanCategory_POSTPAID,
				PlanModules:  []*mdps.PlanModule{module},
			}},
		},
	}
}

// plentyOf returns a module that does not notify, lowOn one that warns of a low balance.
func plentyOf(quota int64) *mdps.PlanModule {
	return &mdps.PlanModule{Balance: &mdps.PlanModule_ByteBalance{ByteBalance: &mdps.ByteQuota{QuotaBytes: &quota}}}
}

func lowOn(quota int64, remaining *int64) *mdps.PlanModule {
	balance := &mdps.ByteQuota{QuotaBytes: &quota, RemainingBytes: remaining}
	return &mdps.PlanModule{
		Balance:            &mdps.PlanModule_ByteBalance{ByteBalance: balance},
		CoarseBalanceLevel: mdps.BalanceLevel_LOW_QUOTA,
	}
}

func TestAgent(t *testing.T) {
	emulator := startEmulator(t)
	// begin returns a new agent, and how long it has waited.
	begin := func(t *testing.T) (*Agent, *[]time.Duration) {
		emulator.reset(t)
		emulator.setClock(t, noon)
		waits := []time.Duration{}
		return &Agent{
			URL:      emulator.url,
			NewToken: func() string { return emulator.token(t, time.Hour) },
			Wait:     func(wait time.Duration) { waits = append(waits, wait) },
		}, &waits
	}
	statuses := func(t *testing.T) (found []int32) {
		for _, call := range emulator.calls(t) {
			found = append(found, call.GetHttpStatus())
		}
		return found
	}
	expect := func(t *testing.T, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}

	t.Run("order: an older status is refused", func(t *testing.T) {
		agent, _ := begin(t)
		expect(t, agent.Push(t.Context(), pushAt(noon, plentyOf(2e9))), nil)
		err := agent.Push(t.Context(), pushAt(noon.Add(-time.Second), plentyOf(2e9)))
		expect(t, Reason(err), "PLAN_STATUS_STALE")
		expect(t, statuses(t), []int32{200, 409})
	})
	t.Run("expiry: a status is gone once its time has passed", func(t *testing.T) {
		agent, _ := begin(t)
		expect(t, agent.Push(t.Context(), pushAt(noon, plentyOf(2e9))), nil)
		expect(t, len(emulator.records(t)), 1)
		emulator.advance(t, 2*time.Hour)
		expect(t, len(emulator.records(t)), 0)
	})
	t.Run("low balance: remainingBytes is required", func(t *testing.T) {
		agent, _ := begin(t)
		err := agent.Push(t.Context(), pushAt(noon, lowOn(2e9, nil)))
		expect(t, Reason(err), "FIELD_INVALID")
		expect(t, statuses(t), []int32{400})
		violation := emulator.calls(t)[0].GetViolations()[0]
		expect(t, violation.GetField(), "planStatus.plans[0].planModules[0].byteBalance.remainingBytes")
	})
	t.Run("unregistered device: a push that notifies is refused", func(t *testing.T) {
		agent, _ := begin(t)
		emulator.enforceRegistration(t)
		err := agent.Push(t.Context(), pushAt(noon, lowOn(2e9, proto.Int64(1e8))))
		expect(t, Reason(err), "DEVICE_NOT_REGISTERED")
		expect(t, statuses(t), []int32{404})
	})
	t.Run("overload: the agent waits as long as it is told", func(t *testing.T) {
		agent, waits := begin(t)
		emulator.failNext(t, &emulatorpb.Fault{Effect: &emulatorpb.Fault_Error{Error: &emulatorpb.InjectedError{
			Reason:     mdps.ErrorReason_SERVER_OVERLOADED,
			RetryDelay: durationpb.New(7 * time.Second),
		}}})
		expect(t, agent.Push(t.Context(), pushAt(noon, plentyOf(2e9))), nil)
		expect(t, *waits, []time.Duration{7 * time.Second})
		expect(t, statuses(t), []int32{503, 200})
	})
	t.Run("lost answer: the agent sends the same push again", func(t *testing.T) {
		agent, _ := begin(t)
		emulator.failNext(t, &emulatorpb.Fault{Effect: &emulatorpb.Fault_Cut_{Cut: emulatorpb.Fault_BEFORE_ANSWER}})
		expect(t, agent.Push(t.Context(), pushAt(noon, plentyOf(2e9))), nil)
		calls := emulator.calls(t)
		expect(t, len(calls), 2)
		expect(t, calls[1].GetRequestJson(), calls[0].GetRequestJson())
		expect(t, len(emulator.records(t)), 1)
	})
	t.Run("token expiry: the agent gets a new token", func(t *testing.T) {
		agent, _ := begin(t)
		expect(t, agent.Push(t.Context(), pushAt(noon, plentyOf(2e9))), nil)
		emulator.advance(t, time.Hour)
		expect(t, agent.Push(t.Context(), pushAt(noon.Add(time.Hour), plentyOf(1e9))), nil)
		expect(t, statuses(t), []int32{200, 401, 200})
	})
}
