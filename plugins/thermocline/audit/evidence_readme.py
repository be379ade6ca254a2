"""What stands at the top of every evidence pack."""

README = """Evidence of publication {publication_id}

SHA256SUMS            the SHA-256 of every other file here
ledger/entry.json     entry {seq} of the ledger: what was published, from what, by which rules
ledger/chain.jsonl    the ledger from its first entry to the last one about this publication
inputs.json           every file that it was made of, by SHA-256
gate.json             each rule of the gate with what it looked at, its figure, bound and verdict
failures.parquet      every record behind a warning or an approved block, with source file and row
approval.json         who approved a block, when and why; null where nobody had to
tables.json           row count and hashes of each published table
reconciliation.json   the equations of rows and sums, from file to published table
scorecards.json       the constants that the figures were made with
lineage.csv           each published column, and the raw columns that it is made of
dbt/                  dbt's manifest, its results with the SQL that ran, and the tables' columns
code.json             the version of the code
MISSING.txt           what isn't kept any more, by name

How to check it without our software

1. Nothing in this folder was changed:

sha256sum -c SHA256SUMS

2. No entry of the ledger was edited, removed or swapped, and entry {seq} stands in its place. It prints
   the hash of entry {seq}, which must be {hash}:

python3 -c "
import hashlib, json
before = '0' * 64
for line in open('ledger/chain.jsonl', 'rb'):
    entry = json.loads(line); kept = entry.pop('hash')
    text = json.dumps(entry, sort_keys=True, separators=(',', ':')).encode()
    assert hashlib.sha256(text).hexdigest() == kept and entry['previous'] == before, entry['seq']
    before = kept
    if entry['seq'] == {seq}: print(kept)
"

3. The hash is the one that readers see: column ledger_hash of the row {publication_id} in table
   reporting.publication. The chain goes on in the ledger itself, ledger.jsonl, whose first lines
   must be those of ledger/chain.jsonl.

4. The files it was made of are unchanged: each landed copy has the SHA-256 that inputs.json names.
   The digest of them all must be inputs_digest in ledger/entry.json:

python3 -c "
import hashlib, json
named = sorted([[item['source'], item['path'], item['sha256']] for item in json.load(open('inputs.json'))])
print(hashlib.sha256(json.dumps(named, separators=(',', ':')).encode()).hexdigest())
"

5. The records of the build are those that the ledger names: `records` in ledger/entry.json holds the
   SHA-256 of dbt/manifest.json, dbt/results.json, dbt/schemas.json, reconciliation.json and
   scorecards.json; `failures` that of failures.parquet.
"""
