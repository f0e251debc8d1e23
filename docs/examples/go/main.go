// Command push pushes a status over Connect, gRPC or gRPC-Web. MDPS_ENDPOINT is the
// server, such as http://127.0.0.1:8080, and MDPS_TOKEN a bearer token.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	mdps "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1"
	"github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1/mobiledataplansharingpbconnect"
)

func main() {
	client := mobiledataplansharingpbconnect.NewPlanStatusServiceClient(http.DefaultClient, os.Getenv("MDPS_ENDPOINT"))
	now := time.Now()
	request := connect.NewRequest(&mdps.CreateUserPlanStatusRequest{
		Parent:   "operators/65001",
		ClientId: "youtube",
		UserKey:  "491701234567",
		PlanStatus: &mdps.PlanStatus{
			LanguageCode: "en-US",
			UpdateTime:   timestamppb.New(now),
			ExpireTime:   timestamppb.New(now.Add(24 * time.Hour)),
			Plans: []*mdps.Plan{{
				PlanId:       "acme-199",
				PlanCategory: mdps.PlanCategory_POSTPAID,
				PlanModules: []*mdps.PlanModule{{
					ModuleName:  "Data",
					Description: "2 GB",
					Balance:     &mdps.PlanModule_ByteBalance{ByteBalance: &mdps.ByteQuota{QuotaBytes: proto.Int64(2 << 30)}},
				}},
			}},
		},
	})
	request.Header().Set("Authorization", "Bearer "+os.Getenv("MDPS_TOKEN"))
	response, err := client.CreateUserPlanStatus(context.Background(), request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Msg.GetName())
}
