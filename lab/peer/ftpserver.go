package peer

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"goftp.io/server/v2"
)

// User and Password are what the lab's FTP server lets in.
const (
	User     = "lab"
	Password = "lab"
)

// ftpServer serves on every port given. Events: "command" with every command
// line as it was received.
func ftpServer(args []string) error {
	flags := flag.NewFlagSet("ftp-server", flag.ContinueOnError)
	ports := flags.String("ports", "21", "TCP ports, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	failed := make(chan error)
	for port := range strings.SplitSeq(*ports, ",") {
		s, err := server.NewServer(&server.Options{
			Driver: ftpFiles{},
			Auth:   &server.SimpleAuth{Name: User, Password: Password},
			Perm:   server.NewSimplePerm("lab", "lab"),
			Logger: ftpLog{},
		})
		if err != nil {
			return err
		}
		l, err := net.Listen("tcp", ":"+port)
		if err != nil {
			return err
		}
		go func() { failed <- s.Serve(l) }()
	}
	say(Event{Name: "ready"})
	return <-failed
}

// ftpLog tells of the commands, and of nothing else.
type ftpLog struct{ *server.DiscardLogger }

// PrintCommand implements server.Logger.
func (ftpLog) PrintCommand(_, command, params string) {
	say(Event{Name: "command", Text: strings.TrimSpace(command + " " + params)})
}

// ftpFiles serves the files of content.go, to be read only.
type ftpFiles struct{}

var errReadOnly = errors.New("read only")

// Stat implements server.Driver.
func (ftpFiles) Stat(_ *server.Context, path string) (os.FileInfo, error) {
	if path == "/" {
		return ftpFile{name: "/", dir: true}, nil
	}
	n, err := fileSize(path)
	return ftpFile{name: strings.TrimPrefix(path, "/"), size: n}, err
}

// ListDir implements server.Driver.
func (ftpFiles) ListDir(_ *server.Context, _ string, f func(os.FileInfo) error) error {
	return f(ftpFile{name: FileName(1000), size: 1000})
}

// GetFile implements server.Driver.
func (ftpFiles) GetFile(_ *server.Context, path string, offset int64) (int64, io.ReadCloser, error) {
	n, err := fileSize(path)
	if err != nil {
		return 0, nil, err
	}
	if offset > n {
		return 0, nil, fmt.Errorf("offset %d: beyond the end at %d", offset, n)
	}
	r := Content(n)
	if _, err := io.CopyN(io.Discard, r, offset); err != nil {
		return 0, nil, err
	}
	return n - offset, io.NopCloser(r), nil
}

// DeleteDir implements server.Driver.
func (ftpFiles) DeleteDir(*server.Context, string) error { return errReadOnly }

// DeleteFile implements server.Driver.
func (ftpFiles) DeleteFile(*server.Context, string) error { return errReadOnly }

// Rename implements server.Driver.
func (ftpFiles) Rename(*server.Context, string, string) error { return errReadOnly }

// MakeDir implements server.Driver.
func (ftpFiles) MakeDir(*server.Context, string) error { return errReadOnly }

// PutFile implements server.Driver.
func (ftpFiles) PutFile(*server.Context, string, io.Reader, int64) (int64, error) {
	return 0, errReadOnly
}

// ftpFile describes one file.
type ftpFile struct {
	name string
	size int64
	dir  bool
}

func (f ftpFile) Name() string     { return f.name }
func (f ftpFile) Size() int64      { return f.size }
func (ftpFile) ModTime() time.Time { return time.Unix(0, 0) }
func (f ftpFile) IsDir() bool      { return f.dir }
func (ftpFile) Sys() any           { return nil }
func (ftpFile) Owner() string      { return "lab" }
func (ftpFile) Group() string      { return "lab" }
func (f ftpFile) Mode() os.FileMode {
	if f.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
