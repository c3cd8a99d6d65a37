package tool

import (
	"path/filepath"
	"strings"

	"portcullis/lab"
)

// private is the command that starts the program with files of its own: what
// script, of a shell, does to the tree of files is seen by nobody else. It begins
// with an empty /run, so that daemons do not meet there.
func (t Tool) private(script string, args ...string) lab.Command {
	return within(t.Command(args...), script)
}

// installed is a line of a script for private: it has what is unpacked beside the
// system appear where it is when it is installed, for programs that look for their
// own there alone.
func (t Tool) installed() string {
	if t.root == "" {
		return ":"
	}
	return "mount -t overlay overlay -o lowerdir=" + filepath.Join(t.root, "usr") + ":/usr /usr"
}

// within has a command start with files of its own.
func within(c lab.Command, script string) lab.Command {
	c.Args = append([]string{"--mount", "sh", "-ec", "mount -t tmpfs tmpfs /run\n" + script + "\nexec \"$@\"", "sh", c.Path}, c.Args...)
	c.Path = "unshare"
	return c
}

// overlay is a line of a script for private: it has a file appear in the place of
// another, with what lines say added to that.
func overlay(path, lines string) string {
	name := filepath.Join("/run", filepath.Base(path))
	return "cp " + path + " " + name + "; printf '%s\\n' '" + lines + "' >> " + name + "; mount --bind " + name + " " + path
}

// emptyTmp is a line of a script for private: it begins with an empty /tmp, but for the
// tree that the program is unpacked in, where that is below /tmp.
func (t Tool) emptyTmp() string {
	const empty = "mount -t tmpfs -o mode=1777 tmpfs /tmp"
	if !strings.HasPrefix(t.root, "/tmp/") {
		return empty
	}
	return "mkdir /run/root; mount --rbind " + t.root + " /run/root; " + empty + "; mkdir -p " + t.root + "; mount --rbind /run/root " + t.root
}
