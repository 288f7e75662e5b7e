# Jobs that reach their limits: requested resources grow with each attempt, as in the campaign.


include: "../../workflow/rules/snakemake.smk"
include: "../../workflow/rules/failures.smk"


rule all:
    input:
        "greedy.txt",
        "broken/a.txt",
        "after.txt",
    localrule: True


rule slow:
    # with the time of the first attempt it never ends, with more it ends at once
    output:
        "slow.txt",
    log:
        "logs/slow.log",
    resources:
        mem_mb=400,
        runtime=lambda w, attempt: attempt,
    shell:
        "echo {resources.runtime} > {log};"
        " [ {resources.runtime} -gt 1 ] || sleep infinity; cp {log} {output}"


rule greedy:
    output:
        "greedy.txt",
    log:
        "logs/greedy.log",
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=5,
    shell:
        "echo {resources.mem_mb} > {log} &&"
        " python3 -c 'import time; held = bytearray(450 * 2**20); time.sleep(5)' &&"
        " cp {log} {output}"


rule broken:
    output:
        "broken/{sample}.txt",
    log:
        "logs/broken/{sample}.log",
    resources:
        mem_mb=400,
        runtime=5,
    shell:
        "echo the wall is gone > {log}; exit 3"


rule after:
    # begins when the broken job has failed at every attempt
    input:
        "slow.txt",
    output:
        "after.txt",
    log:
        "logs/after.log",
    localrule: True
    shell:
        "cp {input} {output} 2> {log}"
