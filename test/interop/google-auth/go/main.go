// Pushes a status with a key file and Google's auth library, as production code does: see ../main.ts.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/url"
	"os"
	"time"

	"golang.org/x/oauth2/google"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/oauth"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	mdps "github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/gen/go/mobiledataplansharing/v1"
	"google.golang.org/genproto/googleapis/rpc/code"
)

const scope = "https://www.googleapis.com/auth/dataplansharing"

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	key, err := os.ReadFile(os.Getenv("GOOGLE_APPLICATION_CREDENTIALS"))
	if err != nil {
		log.Fatal(err)
	}
	config, err := google.JWTConfigFromJSON(key, scope)
	if err != nil {
		log.Fatal(err)
	}
	endpoint, err := url.Parse(os.Getenv("MDPS_ENDPOINT"))
	if err != nil {
		log.Fatal(err)
	}
	connection, err := grpc.NewClient(
		endpoint.Host,
		grpc.WithTransportCredentials(credentials.NewTLS(nil)),
		grpc.WithPerRPCCredentials(oauth.TokenSource{TokenSource: config.TokenSource(ctx)}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()

	now := time.Now()
	stored, err := mdps.NewPlanStatusServiceClient(connection).CreateUserPlanStatus(ctx, &mdps.CreateUserPlanStatusRequest{
		Parent:   "operators/65001",
		ClientId: "mobiledataplan",
		UserKey:  os.Getenv("MDPS_USER_KEY"),
		PlanStatus: &mdps.PlanStatus{
			LanguageCode: "en-US",
			Title:        os.Getenv("MDPS_TITLE"),
			UpdateTime:   timestamppb.New(now),
			ExpireTime:   timestamppb.New(now.Add(time.Hour)),
		},
	})
	report := map[string]string{"code": code.Code(status.Code(err)).String(), "message": stored.GetName()}
	if err != nil {
		report["message"] = status.Convert(err).Message()
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		log.Fatal(err)
	}
}
