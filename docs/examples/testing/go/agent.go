// Package agent is a Data Plan Agent as its tests see it: it pushes a status, and retries what may be retried.
package agent

import (
	"context"
	"net/http"
	"slices"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	mdps "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1"
	"github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1/mobiledataplansharingpbconnect"
)

// Agent pushes statuses to a host.
type Agent struct {
	URL string
	// NewToken gets an access token.
	NewToken func() string
	// Wait waits before a retry.
	Wait func(time.Duration)

	token string
}

const attempts = 3

// Push stores a status. It sends the same request again if the host is overloaded or the answer is lost: a push with an
// equal updateTime is accepted again.
func (a *Agent) Push(ctx context.Context, push *mdps.CreateUserPlanStatusRequest) error {
	client := mobiledataplansharingpbconnect.NewPlanStatusServiceClient(http.DefaultClient, a.URL)
	for attempt := 1; ; attempt++ {
		if a.token == "" {
			a.token = a.NewToken()
		}
		request := connect.NewRequest(push)
		request.Header().Set("Authorization", "Bearer "+a.token)
		_, err := client.CreateUserPlanStatus(ctx, request)
		if err == nil || attempt == attempts {
			return err
		}
		switch connect.CodeOf(err) {
		case connect.CodeUnavailable:
			a.Wait(retryDelay(err))
		case connect.CodeUnauthenticated:
			a.token = ""
		default:
			return err
		}
	}
}

// retryDelay returns how long the host asks to wait, by default a second.
func retryDelay(err error) time.Duration {
	for _, detail := range detailsOf(err) {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return time.Second
}

// Reason returns the reason of an error, such as PLAN_STATUS_STALE, or an empty string.
func Reason(err error) string {
	for _, detail := range detailsOf(err) {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func detailsOf(err error) []any {
	failure, ok := err.(*connect.Error)
	if !ok {
		return nil
	}
	return slices.Collect(func(yield func(any) bool) {
		for _, detail := range failure.Details() {
			if value, err := detail.Value(); err == nil && !yield(value) {
				return
			}
		}
	})
}
