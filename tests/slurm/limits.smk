# Jobs that reach their limits: requested resources grow with each attempt, as in the campaign.


include: "../../workflow/rules/snakemake.smk"
include: "../../workflow/rules/failures.smk"


rule all:
    input:
        expand("{name}.txt", name=["slow", "greedy", "broken", "sound", "after"]),
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
        "broken.txt",
    log:
        "logs/broken.log",
    resources:
        mem_mb=400,
        runtime=5,
    shell:
        "echo the wall is gone > {log}; exit 3"


rule sound:
    output:
        "sound.txt",
    log:
        "logs/sound.log",
    resources:
        mem_mb=400,
        runtime=5,
    shell:
        "echo sound > {log} && cp {log} {output}"


rule after:
    # submitted when the broken job has already failed once
    input:
        "sound.txt",
    output:
        "after.txt",
    log:
        "logs/after.log",
    resources:
        mem_mb=400,
        runtime=5,
    shell:
        "cp {input} {output} 2> {log}"
