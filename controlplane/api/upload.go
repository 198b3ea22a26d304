package api

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// Upload is a request's body as it comes in; nothing of it is kept in memory.
type Upload struct {
	kind string
	body io.Reader
}

// Resolve takes the body from the request.
func (u *Upload) Resolve(ctx huma.Context) []error {
	u.kind, u.body = ctx.Header("Content-Type"), ctx.BodyReader()
	return nil
}

// open gives the archive: the body itself, or the part "file" of a form.
func (u *Upload) open() (io.Reader, error) {
	kind, params, err := mime.ParseMediaType(u.kind)
	switch {
	case u.body == nil || u.body == http.NoBody:
		return nil, newProblem(http.StatusBadRequest, sb.Invalid, "the body is missing: send the plugin's ZIP")
	case u.kind == "" || kind == "application/zip" || kind == "application/octet-stream" || kind == "application/x-zip-compressed":
		return u.body, nil
	case err == nil && kind == multipartForm && params["boundary"] != "":
		return filePart(multipart.NewReader(u.body, params["boundary"]))
	}
	return nil, newProblem(http.StatusUnsupportedMediaType, sb.Invalid, "send the ZIP as application/zip, or as the part file of a multipart form")
}

func filePart(form *multipart.Reader) (io.Reader, error) {
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "body.file", Message: "the form has no part named file"})
		}
		if err != nil {
			if p := bodyProblem(err); p != nil {
				return nil, p
			}
			return nil, newProblem(http.StatusBadRequest, sb.Invalid, "the form cannot be read")
		}
		if part.FormName() == "file" {
			return part, nil
		}
	}
}
