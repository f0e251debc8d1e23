package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	emulatorpb "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/emulator/v1"
	"github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/emulator/v1/emulatorpbconnect"
)

const (
	testOperator = "operators/65001"
	startLimit   = time.Minute
)

// emulator controls a running emulator. Its client has the methods that are not below.
type emulator struct {
	url    string
	client emulatorpbconnect.EmulatorServiceClient
}

// startEmulator starts an emulator, which stops with the test, also if it fails or panics. MDPS_COMMAND is the command.
// If MDPS_ENDPOINT is set, the emulator of that URL is used instead, such as one in a container.
func startEmulator(t *testing.T) *emulator {
	t.Helper()
	url := os.Getenv("MDPS_ENDPOINT")
	if url == "" {
		command := os.Getenv("MDPS_COMMAND")
		if command == "" {
			command = "mdps dev --port 0 --json --log-level error"
		}
		url = runEmulator(t, strings.Fields(command))
	}
	e := &emulator{url, emulatorpbconnect.NewEmulatorServiceClient(http.DefaultClient, url)}
	e.reset(t)
	return e
}

// runEmulator runs a command, and returns the URL in the line that it prints when it is ready.
func runEmulator(t *testing.T, command []string) string {
	t.Helper()
	program := exec.Command(command[0], command[1:]...)
	program.Stderr = os.Stderr
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = program.Process.Signal(syscall.SIGTERM)
		_ = program.Wait()
	})
	timer := time.AfterFunc(startLimit, func() { _ = program.Process.Kill() })
	defer timer.Stop()
	reader := bufio.NewReader(output)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%q ended, or was killed after %v, before it was ready", command, startLimit)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	var ready struct{ URL string }
	if err := json.Unmarshal(line, &ready); err != nil || ready.URL == "" {
		t.Fatalf("%q printed %q instead of a line of JSON with a url", command, line)
	}
	return ready.URL
}

// token returns an access token that is valid for a time by the emulator's clock.
func (e *emulator) token(t *testing.T, lifetime time.Duration) string {
	t.Helper()
	return ask(t, e.client.CreateToken, &emulatorpb.CreateTokenRequest{
		Operators: []string{testOperator},
		Lifetime:  durationpb.New(lifetime),
	}).GetAccessToken()
}

// setClock sets the clock to a time, at which it stands still.
func (e *emulator) setClock(t *testing.T, now time.Time) {
	t.Helper()
	ask(t, e.client.UpdateClock, &emulatorpb.UpdateClockRequest{
		Clock: &emulatorpb.Clock{Mode: emulatorpb.Clock_FROZEN, Time: timestamppb.New(now)},
	})
}

// advance advances the clock.
func (e *emulator) advance(t *testing.T, duration time.Duration) {
	t.Helper()
	ask(t, e.client.AdvanceClock, &emulatorpb.AdvanceClockRequest{Duration: durationpb.New(duration)})
}

// failNext lets the next call fail as the fault says.
func (e *emulator) failNext(t *testing.T, fault *emulatorpb.Fault) {
	t.Helper()
	fault.Frequency = &emulatorpb.Fault_NextCalls{NextCalls: 1}
	ask(t, e.client.CreateFault, &emulatorpb.CreateFaultRequest{Fault: fault})
}

// enforceRegistration rejects pushes that notify unless a device has registered their user key.
func (e *emulator) enforceRegistration(t *testing.T) {
	t.Helper()
	ask(t, e.client.UpdateRegistration, &emulatorpb.UpdateRegistrationRequest{
		Registration: &emulatorpb.Registration{Enforced: true},
	})
}

// calls returns the last 1,000 calls, the oldest first.
func (e *emulator) calls(t *testing.T) []*emulatorpb.Call {
	t.Helper()
	calls := ask(t, e.client.ListCalls, &emulatorpb.ListCallsRequest{PageSize: 1000}).GetCalls()
	slices.Reverse(calls)
	return calls
}

// records returns the stored statuses and groups, at most 1,000.
func (e *emulator) records(t *testing.T) []*emulatorpb.Record {
	t.Helper()
	return ask(t, e.client.ListRecords, &emulatorpb.ListRecordsRequest{PageSize: 1000}).GetRecords()
}

// reset returns to the state after the start.
func (e *emulator) reset(t *testing.T) {
	t.Helper()
	ask(t, e.client.Reset, &emulatorpb.ResetRequest{})
}

// ask calls a method of the emulator. If that fails, the test fails.
func ask[Q, A any](
	t *testing.T, method func(context.Context, *connect.Request[Q]) (*connect.Response[A], error), request *Q,
) *A {
	t.Helper()
	response, err := method(context.Background(), connect.NewRequest(request))
	if err != nil {
		t.Fatal(fmt.Errorf("the emulator: %w", err))
	}
	return response.Msg
}
