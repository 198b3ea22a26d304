// Package clouds knows the identities that managed Airflows go by: those of AWS and Google that the process has.
package clouds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"golang.org/x/oauth2/google"
)

// AWS is an identity at AWS: an access key, or the process's own when there is none.
type AWS struct {
	Region, KeyID, Secret string
}

// SignAWS gives the headers that sign a request without a body to MWAA's API.
func SignAWS(ctx context.Context, who AWS, method, url string, now time.Time) (http.Header, error) {
	var from aws.CredentialsProvider = credentials.NewStaticCredentialsProvider(who.KeyID, who.Secret, "")
	if who.KeyID == "" {
		own, err := config.LoadDefaultConfig(ctx, config.WithRegion(who.Region))
		if err != nil {
			return nil, err
		}
		from = own.Credentials
	}
	c, err := from.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	nothing := sha256.Sum256(nil)
	err = v4.NewSigner().SignHTTP(ctx, c, r, hex.EncodeToString(nothing[:]), "airflow", who.Region, now)
	return r.Header, err
}

// GoogleToken gives an access token of the process's own Google identity, and how long it is good.
func GoogleToken(ctx context.Context) (string, time.Time, error) {
	own, err := google.FindDefaultCredentials(ctx, "https://www.googleapis.com/auth/cloud-platform")
	if err != nil {
		return "", time.Time{}, err
	}
	token, err := own.TokenSource.Token()
	if err != nil {
		return "", time.Time{}, err
	}
	return token.AccessToken, token.Expiry, nil
}
