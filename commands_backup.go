package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"filippo.io/age"

	"crm/auth"
	"crm/db"
	"crm/db/backup"
)

const (
	backupUsage = "backup takes a file, a folder, or - for the standard output: " +
		"backup FILE|FOLDER|- [--keys] [--passphrase-file FILE]; with a folder also [--keep N] [--every TIME]"
	restoreUsage = "restore takes a file: restore FILE [--passphrase-file FILE]"
)

// parseMixed parses flags before and after the arguments, which it returns.
func parseMixed(flags *flag.FlagSet, given []string) (arguments []string, err error) {
	flags.SetOutput(io.Discard)
	for {
		if err := flags.Parse(given); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return arguments, nil
		}
		arguments, given = append(arguments, flags.Arg(0)), flags.Args()[1:]
	}
}

// parseBackup parses the command that writes all data to a file. The process that has the store open reads it; the one that was
// called writes the file, encrypted if there is a passphrase.
func (c call) parseBackup() (command, error) {
	flags := flag.NewFlagSet("backup", flag.ContinueOnError)
	keys := flags.Bool("keys", false, "")
	passphraseFile := flags.String("passphrase-file", "", "")
	keep, every := flags.Int("keep", 0, ""), flags.Duration("every", 0, "")
	arguments, err := parseMixed(flags, c.Arguments)
	if err != nil || len(arguments) != 1 || *keep < 0 || *every < 0 || (*every > 0 && *every < time.Minute) {
		return command{}, errors.New(backupUsage)
	}
	folder := backupFolder{path: arguments[0], keep: *keep}
	return command{
		every: *every, folder: folder,
		run: func(ctx context.Context, crm *crm, _ string, out io.Writer) error {
			header := backup.Header{Created: time.Now().UTC().Truncate(time.Second), Program: version()}
			if *keys {
				header.Keys = crm.secrets.Variables()
			}
			return backup.Write(ctx, crm.store, db.BackedUp(), crm.ownFiles(), header, out)
		},
		output: func(streams streams) (io.Writer, func(error) error, error) {
			passphrase, err := readPassphrase(*passphraseFile)
			if err != nil {
				return nil, nil, err
			}
			if !isFolder(folder.path) {
				if *keep > 0 || *every > 0 {
					return nil, nil, fmt.Errorf("--keep and --every need a folder, and %s is none", folder.path)
				}
				return openBackup(folder.path, passphrase, streams)
			}
			file := folder.file()
			out, end, err := openBackup(file, passphrase, streams)
			if err != nil {
				return nil, nil, err
			}
			return out, func(failed error) error {
				if failed := end(failed); failed != nil {
					return failed
				}
				return folder.prune(file)
			}, nil
		},
	}, nil
}

// parseRestore parses the command that reads a backup into an empty store.
func (c call) parseRestore() (command, error) {
	flags := flag.NewFlagSet("restore", flag.ContinueOnError)
	passphraseFile := flags.String("passphrase-file", "", "")
	arguments, err := parseMixed(flags, c.Arguments)
	if err != nil || len(arguments) != 1 || arguments[0] == "-" {
		return command{}, errors.New(restoreUsage)
	}
	return command{alone: true, fills: true, run: func(ctx context.Context, crm *crm, _ string, out io.Writer) error {
		passphrase, err := readPassphrase(*passphraseFile)
		if err != nil {
			return err
		}
		return restore(ctx, crm, arguments[0], passphrase, out, c.Terminal)
	}}, nil
}

// restore reads a backup twice: the first time only to see that it is whole.
func restore(ctx context.Context, crm *crm, path, passphrase string, out io.Writer, terminal bool) error {
	if err := crm.db.CheckRestorable(ctx); err != nil {
		return err
	}
	var header backup.Header
	err := readBackup(path, passphrase, func(in io.Reader) (err error) {
		header, err = backup.Read(in, db.BackedUp(), backup.Ignore, backup.IgnoreFile)
		return err
	})
	if err != nil {
		return err
	}
	documents := 0
	err = crm.db.Restore(ctx, func(ctx context.Context) error {
		return readBackup(path, passphrase, func(in io.Reader) (err error) {
			documents, err = backup.Restore(ctx, in, crm.store, db.BackedUp(), crm.files, showDocuments(out, terminal))
			return err
		})
	})
	if err != nil {
		return err
	}
	if terminal {
		_, _ = fmt.Fprint(out, "\r")
	}
	if _, err := fmt.Fprintf(out, "%d documents have been restored.\n", documents); err != nil || header.Keys == nil {
		return err
	}
	if crm.folder == "" {
		_, err = fmt.Fprintln(out, "The keys in the backup have not been: with MONGO_URI, they are variables.")
		return err
	}
	if err := auth.StoreSecrets(header.Keys, crm.folder); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "The keys have been restored, too.")
	return err
}

// showDocuments returns a function that shows on a terminal how many documents are done.
func showDocuments(out io.Writer, terminal bool) func(documents int) {
	return func(documents int) {
		if terminal {
			_, _ = fmt.Fprintf(out, "\r%d documents", documents)
		}
	}
}

// readBackup calls read with a backup, which it decrypts.
func readBackup(path, passphrase string, read func(in io.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot read the backup: %w", err)
	}
	defer func() { _ = file.Close() }()
	in := bufio.NewReaderSize(file, 1<<20)
	const encrypted = "age-encryption.org/"
	start, _ := in.Peek(len(encrypted)) // a shorter file is no backup, which read finds out
	if !bytes.Equal(start, []byte(encrypted)) {
		return read(in)
	}
	if passphrase == "" {
		return errors.New("the backup is encrypted: its passphrase is needed, as --passphrase-file FILE")
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return fmt.Errorf("cannot use the passphrase: %w", err)
	}
	decrypted, err := age.Decrypt(in, identity)
	if err != nil {
		return fmt.Errorf("cannot decrypt the backup: %w", err)
	}
	return read(decrypted)
}

// readPassphrase reads the passphrase in the first line of a file; without a file it is empty.
func readPassphrase(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return firstLine("--passphrase-file", path)
}

// firstLine reads the first line of the file that an option names.
func firstLine(option, path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", option, err)
	}
	line, _, _ := bytes.Cut(content, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 {
		return "", fmt.Errorf("%s: the first line of %s is empty", option, path)
	}
	return string(line), nil
}
