// Calls a server with the Go client that openapi-generator makes of openapi.json, and prints what its caller sees.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"example.com/program/mdps"
)

type failure struct {
	Status  int32  `json:"status"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
	Field   string `json:"field,omitempty"`
}

type results struct {
	Accepted        []string `json:"accepted"`
	Refused         failure  `json:"refused"`
	Unauthenticated failure  `json:"unauthenticated"`
	Unknown         failure  `json:"unknown"`
}

func status() mdps.PlanStatus {
	now := time.Now().UTC()
	quota := mdps.NewByteQuota()
	quota.SetQuotaBytes("9223372036854775807")
	module := mdps.NewPlanModule("2 GB", "Data")
	module.SetByteBalance(*quota)
	plan := mdps.NewPlan("acme-199")
	plan.SetPlanModules([]mdps.PlanModule{*module})
	pushed := mdps.NewPlanStatus("en-US", now.Add(24*time.Hour), now)
	pushed.SetPlans([]mdps.Plan{*plan})
	return *pushed
}

func push(url, token string, pushed mdps.PlanStatus) (*mdps.PlanStatus, error) {
	configuration := mdps.NewConfiguration()
	configuration.Servers = mdps.ServerConfigurations{{URL: url}}
	service := mdps.NewAPIClient(configuration).PlanStatusServiceAPI
	ctx := context.WithValue(context.Background(), mdps.ContextAccessToken, token)
	call := service.PlanStatusServiceCreateUserPlanStatus(ctx, "65001", "youtube", "a/b+c==")
	stored, _, err := call.PlanStatus(pushed).Execute()
	return stored, err
}

func read(err error) failure {
	var thrown *mdps.GenericOpenAPIError
	if !errors.As(err, &thrown) {
		return failure{Message: "not an error of the API: " + err.Error()}
	}
	body, isError := thrown.Model().(mdps.ErrorResponse)
	if !isError {
		return failure{Message: "the body was not read: " + err.Error()}
	}
	found := failure{Status: body.Error.Code, Message: body.Error.Message}
	for _, detail := range body.Error.Details {
		if detail.HasReason() {
			found.Reason = detail.GetReason()
		}
		for _, violation := range detail.FieldViolations {
			found.Field = violation.GetField()
		}
	}
	return found
}

func main() {
	url, token := os.Getenv("MDPS_ENDPOINT"), os.Getenv("MDPS_TOKEN")
	stored, err := push(url, token, status())
	if err != nil {
		panic(err)
	}
	module := stored.Plans[0].PlanModules[0]
	incomplete := status()
	incomplete.Plans[0].PlanModules[0].SetPlanModuleState(mdps.EXPIRING_SOON)
	_, refused := push(url, token, incomplete)
	_, unauthenticated := push(url, "nobody", status())
	_, unknown := push(os.Getenv("MDPS_STUB"), token, status())
	json.NewEncoder(os.Stdout).Encode(results{
		Accepted:        []string{stored.GetName(), module.ByteBalance.GetQuotaBytes()},
		Refused:         read(refused),
		Unauthenticated: read(unauthenticated),
		Unknown:         read(unknown),
	})
}
