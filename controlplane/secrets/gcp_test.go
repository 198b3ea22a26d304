package secrets

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	cloudkms "cloud.google.com/go/kms/apiv1"
	"cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/stretchr/testify/require"
	"gocloud.dev/secrets/gcpkms"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	sb "signalbox"
)

// googleServer speaks the protocol of Google Cloud KMS. Its keys put their name before what they encrypt; those whose
// name ends in "locked" are denied.
type googleServer struct {
	kmspb.UnimplementedKeyManagementServiceServer
}

func (googleServer) Encrypt(_ context.Context, r *kmspb.EncryptRequest) (*kmspb.EncryptResponse, error) {
	if strings.HasSuffix(r.GetName(), "locked") {
		return nil, status.Error(codes.PermissionDenied, "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied")
	}
	return &kmspb.EncryptResponse{Ciphertext: append([]byte(r.GetName()+"\n"), r.GetPlaintext()...)}, nil
}

func (googleServer) Decrypt(_ context.Context, r *kmspb.DecryptRequest) (*kmspb.DecryptResponse, error) {
	plain, ours := bytes.CutPrefix(r.GetCiphertext(), []byte(r.GetName()+"\n"))
	if !ours {
		return nil, status.Error(codes.InvalidArgument, "Decryption failed: the ciphertext is invalid.")
	}
	return &kmspb.DecryptResponse{Plaintext: plain}, nil
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	kmspb.RegisterKeyManagementServiceServer(server, googleServer{})
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	client, err := cloudkms.NewKeyManagementClient(t.Context(), option.WithEndpoint(l.Addr().String()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	named := func(name string) database {
		name = "projects/p/locations/l/keyRings/r/cryptoKeys/" + name
		return database{key: &key{keeper: gcpkms.OpenKeeper(client, name, nil), name: "gcpkms://" + name}}
	}

	wrapped, err := named("a").wrap(t.Context(), []byte("keys"))
	require.NoError(t, err)
	text, err := named("a").unwrap(t.Context(), wrapped, named("a").key.name)
	require.NoError(t, err)
	require.Equal(t, "keys", string(text))

	_, err = named("b").unwrap(t.Context(), wrapped, named("a").key.name)
	require.Equal(t, sb.Invalid, sb.CodeOf(err), err)
	require.ErrorContains(t, err, "wrapped by "+named("a").key.name)
	_, err = named("locked").wrap(t.Context(), []byte("keys"))
	require.Equal(t, sb.Forbidden, sb.CodeOf(err), err)
	server.Stop()
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = named("a").wrap(soon, []byte("keys"))
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	require.ErrorContains(t, err, "is it reachable")
}
