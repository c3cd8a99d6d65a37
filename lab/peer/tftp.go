package peer

import (
	"context"
	"flag"
	"io"
	"net/netip"
	"time"

	"github.com/pin/tftp/v3"

	"portcullis/lab"
)

// tftpServer serves on UDP port 69; every transfer comes from a port of its own.
func tftpServer([]string) error {
	s := tftp.NewServer(func(file string, to io.ReaderFrom) error {
		n, err := fileSize(file)
		if err != nil {
			return err
		}
		client := to.(tftp.OutgoingTransfer).RemoteAddr()
		say(Event{Name: "request", Text: client.String(), N: n})
		_, err = to.ReadFrom(Content(n))
		return err
	}, nil)
	s.SetTimeout(time.Second)
	s.SetRetries(2)
	go func() {
		time.Sleep(100 * time.Millisecond) // it has no way to say that it listens
		say(Event{Name: "ready"})
	}()
	return s.ListenAndServe(":69")
}

// TFTPGet fetches a file of n bytes from the namespace.
func TFTPGet(ctx context.Context, ns *lab.Namespace, server netip.AddrPort, n int64) (*Transfer, error) {
	t := new(Transfer)
	err := Do(ctx, ns, t, "tftp-get", "-server", server.String(), "-file", FileName(n))
	return t, err
}

func tftpGet(args []string) error {
	flags := flag.NewFlagSet("tftp-get", flag.ContinueOnError)
	server := flags.String("server", "", "address and port")
	file := flags.String("file", FileName(1000), "file")
	timeout := flags.Duration("timeout", 600*time.Millisecond, "wait for each answer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	t := &Transfer{Stage: "transfer"}
	if err := t.tftp(*server, *file, *timeout); err != nil {
		t.Error = err.Error()
	}
	report(t)
	return nil
}

func (t *Transfer) tftp(server, file string, timeout time.Duration) error {
	c, err := tftp.NewClient(server)
	if err != nil {
		return err
	}
	c.SetTimeout(timeout)
	c.SetRetries(2)
	begin, sum := time.Now(), newDigest()
	from, err := c.Receive(file, "octet")
	if err != nil {
		return err
	}
	if _, err := from.WriteTo(sum); err != nil {
		return err
	}
	t.Bytes, t.SHA256, t.Seconds = sum.bytes, sum.sum(), time.Since(begin).Seconds()
	t.Stage = "done"
	return nil
}
